const BLOCK = 512;

/** A plain archive of programs or texts: tar unpacks what it finds, whatever the name of the file promises. */
export function tar(files: readonly (readonly [path: string, content: string])[]): string {
  const padded = (text: string) => text + '\0'.repeat((BLOCK - (Buffer.byteLength(text) % BLOCK)) % BLOCK);
  const entries = files.map(([path, content]) => header(path, Buffer.byteLength(content)) + padded(content));
  return `${entries.join('')}${'\0'.repeat(2 * BLOCK)}`;
}

/** man 5 tar: name, mode, owner, group, size, time, checksum, type, link, ustar, and the folders of a long name. */
function header(path: string, size: number): string {
  const [folders, name] = split(path);
  const number = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const start = `${name.padEnd(100, '\0')}${number(0o755, 8)}${number(0, 8)}${number(0, 8)}${number(size, 12)}${number(0, 12)}`;
  const owner = `ustar\x0000${'\0'.repeat(80)}`;
  const end = `0${'\0'.repeat(100)}${owner}${folders}`.padEnd(BLOCK - start.length - 8, '\0');
  const sum = [...`${start}        ${end}`].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return `${start}${sum.toString(8).padStart(6, '0')}\0 ${end}`;
}

/** A name has room for 100 letters, the folders before it for 155. */
function split(path: string): [folders: string, name: string] {
  if (path.length <= 100) return ['', path];
  const at = path.indexOf('/', path.length - 101);
  return [path.slice(0, at), path.slice(at + 1)];
}
