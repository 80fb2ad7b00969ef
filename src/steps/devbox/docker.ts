import type { Part } from './box.ts';

export const docker: Part = () => [];
