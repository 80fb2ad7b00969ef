import type { Part } from './box.ts';

export const desktop: Part = () => [];
