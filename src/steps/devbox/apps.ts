import type { Part } from './box.ts';

export const apps: Part = () => [];
