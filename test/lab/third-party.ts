import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse, stringify } from 'yaml';
import { $, type Shell } from 'zx';
import { allReleases, type Release } from '../../src/devbox/releases.ts';
import { allSources } from '../../src/devbox/sources.ts';
import { releaseBody } from '../../src/rehearsal/model/ubuntu/releases.ts';
import { buildDeb, type Deb, sum } from './archive.ts';
import type { LabMachine } from './machine.ts';
import { NETWORK } from './places.ts';

const PACKAGE = new URL('../../', import.meta.url).pathname;
/** Where machines find this computer. */
const ADDRESS = `${NETWORK}.1`;
/** Suite of the machines. */
const CODENAME = 'bookworm';

/**
 * Stands in for the makers of tools, under their own names and over https: their archives of packages, signed with a
 * key, and their release files. A mlk8s of its own pins that key and the checksums of those files.
 */
export class ThirdParty {
  /** Everything of it: what is served, keys, and the mlk8s. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'mlk8s-third-'));
  readonly #arch: string;
  readonly #packages: Readonly<Record<string, Deb>>;
  readonly #quiet: Shell;
  #server: Server | undefined;
  #fingerprint = '';

  private constructor(arch: string, packages: Readonly<Record<string, Deb>>) {
    this.#arch = arch;
    this.#packages = packages;
    this.#quiet = $({ quiet: true, env: this.#env });
  }

  /** Begins to serve. `packages`: what the packages of the archives hold; the others are empty. */
  static async serve(packages: Readonly<Record<string, Deb>>): Promise<ThirdParty> {
    const { stdout } = await $({ quiet: true })`dpkg --print-architecture`;
    const them = new ThirdParty(stdout.trim(), packages);
    await them.#makeKey();
    for (const [name, source] of Object.entries(allSources())) await them.#makeArchive(name, source);
    for (const { url, content } of them.#releaseFiles()) them.put(url, content);
    them.#makePackage();
    await them.#listen();
    return them;
  }

  /** The mlk8s that pins them. */
  get bin(): string {
    return join(this.#folder, 'mlk8s/bin/mlk8s.js');
  }

  /** What an address brings from now on. */
  put(url: string, content: Buffer | string): void {
    const path = this.#at(url);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  /** What an address brings now. */
  get(url: string): Buffer {
    return readFileSync(this.#at(url));
  }

  /** Address of a release file for the machines. */
  urlOf(name: string): string {
    const url = allReleases()[name]?.files[this.#arch as keyof Release['files']]?.url;
    if (url === undefined) throw new Error(`${name} is not made for ${this.#arch}`);
    return url;
  }

  #at(url: string): string {
    const { hostname, pathname } = new URL(url);
    return join(this.#folder, 'www', hostname, normalize(pathname));
  }

  get #names(): string[] {
    const releases = Object.values(allReleases()).flatMap(({ files }) => Object.values(files).map(({ url }) => url));
    const sources = Object.values(allSources()).flatMap(({ uri, keyUrl }) => [uri, keyUrl]);
    return [...new Set([...releases, ...sources].map((url) => new URL(url).hostname))];
  }

  async #makeKey(): Promise<void> {
    mkdirSync(join(this.#folder, 'gnupg'), { mode: 0o700 });
    await this
      .#quiet`gpg --batch --passphrase ${''} --quick-generate-key ${'a maker of tools <lab@example.com>'} ed25519 sign 2d`;
    const { stdout } = await this.#quiet`gpg --batch --with-colons --list-keys`;
    this.#fingerprint = /^fpr:+([0-9A-F]{40}):$/m.exec(stdout)?.[1] ?? '';
  }

  /** Their key, and one more that nobody pins, in one file. */
  async keyAndAnother(): Promise<Buffer> {
    await this
      .#quiet`gpg --batch --passphrase ${''} --quick-generate-key ${'somebody else <else@example.com>'} ed25519 sign 2d`;
    return this.#exported();
  }

  /** All keys that there are. By way of a file: output of a program is text here. */
  async #exported(...options: string[]): Promise<Buffer> {
    const file = join(this.#folder, 'exported');
    await this.#quiet`gpg --batch --yes ${options} --output ${file} --export`;
    return readFileSync(file);
  }

  async #makeArchive(name: string, source: ReturnType<typeof allSources>[string]): Promise<void> {
    const { uri, components, keyUrl, packages } = source;
    const suite = source.suite.replace('{codename}', CODENAME);
    const base = uri.replace(/\/$/, '');
    const build = join(this.#folder, 'build', name);
    mkdirSync(build, { recursive: true });
    const entries: string[] = [];
    for (const each of packages) {
      const entry = await buildDeb(build, each, this.#packages[each] ?? {});
      entries.push(entry.replace('Filename: ./', 'Filename: pool/'));
      this.put(`${base}/pool/${each}.deb`, readFileSync(join(build, `${each}.deb`)));
    }
    const index = `${components[0]}/binary-${this.#arch}/Packages`;
    const list = entries.join('\n');
    this.put(`${base}/dists/${suite}/${index}`, list);
    const date = new Date().toUTCString().replace('GMT', 'UTC');
    const release = `Origin: lab\nSuite: ${suite}\nCodename: ${suite}\nDate: ${date}\nArchitectures: ${this.#arch}\nComponents: ${components.join(' ')}\nSHA256:\n ${sum(list)} ${list.length} ${index}\n`;
    this.put(`${base}/dists/${suite}/Release`, release);
    const signed = await $({ quiet: true, input: release, env: this.#env })`gpg --batch --clearsign`;
    this.put(`${base}/dists/${suite}/InRelease`, signed.stdout);
    const armor = keyUrl.endsWith('.gpg') ? [] : ['--armor'];
    this.put(keyUrl, await this.#exported(...armor));
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, GNUPGHOME: join(this.#folder, 'gnupg') };
  }

  /** What stands in for each release file in a rehearsal, packed as its name says. */
  #releaseFiles(): { name: string; url: string; content: Buffer }[] {
    return Object.keys(allReleases()).map((name) => {
      const url = this.urlOf(name);
      const body = releaseBody(new URL(url));
      if (body === undefined) throw new Error(`nothing stands in for ${name}`);
      return { name, url, content: url.endsWith('gz') ? gzipSync(body) : Buffer.from(body) };
    });
  }

  /** A copy of this package whose pins are of what is served here. */
  #makePackage(): void {
    const copy = join(this.#folder, 'mlk8s');
    for (const part of ['bin', 'dist', 'templates', 'package.json']) {
      cpSync(join(PACKAGE, part), join(copy, part), { recursive: true });
    }
    const change = (path: string, act: (data: Record<string, Record<string, unknown>>) => void) => {
      const file = join(copy, 'templates/devbox', path);
      const data = parse(readFileSync(file, 'utf8'));
      act(data);
      writeFileSync(file, stringify(data));
    };
    change('sources.yaml', (data) => {
      for (const source of Object.values(data)) source.fingerprints = [this.#fingerprint];
    });
    change('releases.yaml', (data) => {
      for (const { name, content } of this.#releaseFiles()) {
        const { files } = data[name] as unknown as Release;
        const file = files[this.#arch as keyof Release['files']] as { sha256: string };
        file.sha256 = sum(content);
      }
    });
  }

  async #listen(): Promise<void> {
    const [key, certificate] = [join(this.#folder, 'key.pem'), join(this.#folder, 'certificate.pem')];
    const names = this.#names.map((name) => `DNS:${name}`).join(',');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    await $({
      quiet: true,
    })`openssl req -x509 ${curve} -nodes -days 2 -subj /CN=lab -addext ${`subjectAltName=${names}`} -keyout ${key} -out ${certificate}`;
    chmodSync(key, 0o600);
    const pair = { key: readFileSync(key), cert: readFileSync(certificate) };
    const server = createServer(pair, ({ headers, url = '/' }, response) => {
      try {
        response.end(this.get(`https://${headers.host}${url}`));
      } catch {
        response.writeHead(404).end();
      }
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(443, ADDRESS, resolve));
  }

  /** A machine finds them by their names, and trusts their certificate. */
  async introduceTo(machine: LabMachine): Promise<void> {
    const certificate = readFileSync(join(this.#folder, 'certificate.pem'), 'utf8');
    await machine.root(`
      cat >/usr/local/share/ca-certificates/lab.crt <<'END'
${certificate}
END
      update-ca-certificates
      echo '${ADDRESS} ${this.#names.join(' ')}' >>/etc/hosts
    `);
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await this.#quiet`gpgconf --kill all`;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
