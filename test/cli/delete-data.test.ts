import { expect, it } from 'vitest';
import { checkDeleteData } from '../../src/cli/delete-data.ts';
import { UserError } from '../../src/errors.ts';
import { file } from '../steps/kubeflow/people.ts';

/** What is refused of these names, in words; empty: nothing is. */
function refusal(...deleteData: string[]): string {
  try {
    checkDeleteData({ deleteData, prune: true } as never, file());
    return '';
  } catch (error) {
    return error instanceof UserError ? error.problems.map(({ seen }) => seen).join('; ') : String(error);
  }
}

it('takes the namespace of a user who left the file', () => {
  expect(refusal('kubeflow-carl')).toBe('');
});

it('refuses the data of a user who is in the file', () => {
  expect(refusal('kubeflow-anna')).toBe('--delete-data kubeflow-anna: the cluster file asks for it');
});

it('refuses what is neither a database nor a user', () => {
  expect(refusal('carl')).toBe('--delete-data carl: there is no "carl"');
});
