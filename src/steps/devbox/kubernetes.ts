import type { Part } from './box.ts';

export const kubernetes: Part = () => [];
