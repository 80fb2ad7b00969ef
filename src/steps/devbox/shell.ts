import type { Part } from './box.ts';

export const shell: Part = () => [];
