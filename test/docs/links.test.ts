import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const inDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...inDocs.map((name) => `docs/${name}`)].filter((path) => existsSync(join(root, path)));

/** What the reader of docs/adding-a-step.md makes. */
const MADE_BY_THE_READER = [
  'src/steps/motd',
  'src/steps/motd/index.ts',
  'src/resources/symlink.ts',
  'test/cases/symlink.json',
];
const SOURCE_PATH = /(?<![\w./~-])(?:bin|docs|scripts|src|templates|test)\/[\w./-]*\w/g;

/** As GitHub names the heading of a section. */
function anchors(text: string): string[] {
  const headings = text.replace(/^```[\s\S]*?^```/gm, '').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchors(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names only source paths that are there', () => {
    const paths = [...new Set(text.match(SOURCE_PATH))];
    expect(paths.filter((path) => !existsSync(join(root, path)) && !MADE_BY_THE_READER.includes(path))).toEqual([]);
  });
});
