import type { Part } from './box.ts';

export const git: Part = () => [];
