import { type Kind, resourceName } from './kinds.ts';

/** An answer of the API server that is no success; kubectl prints it as `Error from server (Reason): message`. */
export class ApiError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The API serves no such type: kubectl says so itself, without asking the server. */
export class NoMatchError extends Error {}

/** What a missing object is answered with. */
export function notFound(kind: Kind, name: string): ApiError {
  return new ApiError('NotFound', `${resourceName(kind)} "${name}" not found`);
}
