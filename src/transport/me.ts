import { homedir, userInfo } from 'node:os';

/** The user as ssh sees him: by the password database, whatever HOME and USER say. */
export function me(): { readonly name: string; readonly home: string } {
  try {
    const { username, homedir: home } = userInfo();
    return { name: username, home };
  } catch {
    // No entry for this uid, as in some containers.
    return { name: process.env.USER || 'root', home: homedir() };
  }
}
