import type { Part } from './box.ts';

export const python: Part = () => [];
