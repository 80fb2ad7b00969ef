import type { Part } from './box.ts';

export const sources: Part = () => [];
