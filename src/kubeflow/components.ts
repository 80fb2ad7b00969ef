/** Parts of Kubeflow that are there when they are asked for, beside what is always there. facts: ml-platform sheet, 1.6 */
export const COMPONENTS = ['pipelines', 'training', 'serving', 'spark', 'registry', 'tensorboard'] as const;

export type Component = (typeof COMPONENTS)[number];

/** What `components:` of the cluster file says: `minimal` is none of them, `full` all. */
export type Choice = 'minimal' | 'full' | readonly Component[];

/** The components of a choice, each once and in the order of `COMPONENTS`. */
export function componentsOf(choice: Choice): readonly Component[] {
  if (choice === 'minimal') return [];
  return choice === 'full' ? COMPONENTS : COMPONENTS.filter((name) => choice.includes(name));
}
