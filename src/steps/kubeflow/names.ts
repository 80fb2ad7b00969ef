import type { Cluster } from '../../config/schema.ts';
import type { Id } from '../../engine/types.ts';

type Section = NonNullable<Cluster['kubeflow']>;
export type User = Section['users'][number];

/** Resource of a stage, by its name in `templates/kubeflow/releases.yaml`. */
export function stageId(name: string): Id {
  return `kubeflow/${name}@cluster`;
}

/** Resource of the Profile of a user. */
export function profileId(name: string): Id {
  return `kubeflow/profile-${name}@cluster`;
}

/** Resource that is ok when the controller has made of the Profile what it makes: the namespace and its accounts. */
export function userId(name: string): Id {
  return `kubeflow/user-${name}@cluster`;
}

/** Resource of the login of a user. */
export function loginId(name: string): Id {
  return `kubeflow/login-${name}@cluster`;
}

/** Secret with the password of a user, and the key of it. */
export function loginOf(name: string): { readonly namespace: string; readonly name: string; readonly key: string } {
  return { namespace: 'auth', name: `kubeflow-login-${name}`, key: 'password' };
}

/** Namespace of a user, which is also the name of the Profile. */
export function namespaceOf(name: string): string {
  return `kubeflow-${name}`;
}

/** All who work with it; the section always has one. */
export function usersOf(file: Cluster): readonly [User, ...User[]] {
  return (file.kubeflow?.users ?? []) as unknown as readonly [User, ...User[]];
}

/** What a user logs in with, and the owner of the Profile. */
export function emailOf(file: Cluster, { name, email }: User): string {
  return email ?? `${name}@${file.network?.domain ?? 'lab'}`;
}
