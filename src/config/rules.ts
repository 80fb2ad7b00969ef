/**
 * Rules of single values, as data and pure functions. Each rule says what is wrong with a text, or nothing; its
 * `pattern` is the part of the rule that an editor can check.
 */

/** What is wrong with a value: three of the four parts of a `Problem`; the place is known to the caller. */
export interface Fault {
  readonly seen: string;
  readonly why: string;
  readonly next: readonly string[];
}

/** What a text of the cluster file must look like: a pattern for editors, and words for what it does not keep. */
export interface Rule {
  readonly pattern: string;
  fault(text: string): Fault | undefined;
}

/** A text from the file in quotes, cut when it is far longer than anything valid. */
export function quoted(text: string): string {
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`;
}

/** Words that stand for places in ids such as `node/hosts@cluster`, and a name that every machine already has. */
const RESERVED = ['cluster', 'workstation', 'devbox', 'lead', 'localhost'];

/** Kubernetes node name as one RFC 1123 label; MicroK8s takes the host name. facts: microk8s sheet, section 2.3. */
export const name: Rule = {
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  fault(text) {
    if (RESERVED.includes(text)) {
      return {
        seen: `${quoted(text)} cannot be used as a name`,
        why: 'this word already has a meaning of its own in mlk8s or on every machine',
        next: ['Choose another name, for example rig1.'],
      };
    }
    if (new RegExp(this.pattern).test(text)) return undefined;
    const fixed = text
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, 63)
      .replace(/^-+|-+$/g, '');
    return {
      seen: text === '' ? 'the name is empty' : `${quoted(text)} is not a valid name`,
      why: 'a name has 1 to 63 lowercase letters, digits or hyphens, and no hyphen at either end; Kubernetes accepts no other host names',
      next: [`Choose another name, for example ${fixed && !RESERVED.includes(fixed) ? fixed : 'rig1'}.`],
    };
  },
};

const BYTE = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';

/** Ranges that no machine can be reached by from its neighbours: first byte (and second) from, to, meaning. */
const UNUSABLE: readonly { from: number; to: number; second?: number; what: string }[] = [
  { from: 0, to: 0, what: 'no address of a machine' },
  { from: 127, to: 127, what: 'a loopback address: every machine means itself by it' },
  { from: 169, to: 169, second: 254, what: 'a link-local address, which machines make up when DHCP fails' },
  { from: 224, to: 239, what: 'a multicast address' },
  { from: 240, to: 255, what: 'a reserved or broadcast address' },
];

/** IPv4 literal; `microk8s join` refuses host names and IPv6. facts: microk8s sheet, section 2.3. */
export const ipv4: Rule = {
  pattern: `^${BYTE}(\\.${BYTE}){3}$`,
  fault(text) {
    const next = ['Write the IPv4 address of the machine, for example 10.0.0.101 (shown there by: hostname -I).'];
    if (!new RegExp(this.pattern).test(text)) {
      return { seen: `${quoted(text)} is not an IPv4 address`, why: whyNoAddress(text), next };
    }
    const [first = 0, second = 0] = text.split('.').map(Number);
    const range = UNUSABLE.find(
      (r) => first >= r.from && first <= r.to && (r.second === undefined || r.second === second),
    );
    return range
      ? { seen: `${quoted(text)} cannot be used as an address`, why: `it is ${range.what}`, next }
      : undefined;
  },
};

function whyNoAddress(text: string): string {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    return /(^|\.)0\d/.test(text)
      ? 'numbers in an address have no leading zeros; some programs read such a number as octal'
      : 'each of the four numbers goes from 0 to 255';
  }
  if (/^[\d.]+\/\d+$/.test(text)) return 'a network (address/length) is not the address of one machine';
  if (/^[\d.]+:\d+$/.test(text)) return 'the SSH port has a key of its own, ssh.port';
  if (text.includes(':')) return 'MicroK8s cannot join a cluster over IPv6';
  if (/[a-z]/i.test(text)) return 'MicroK8s cannot join a cluster by host name';
  return 'an address has four numbers from 0 to 255 with dots between them';
}

const LABEL_WORD = '[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const SUBDOMAIN = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*';

/** Key of a Kubernetes label or taint: `[prefix/]name`, prefix a DNS name of at most 253 characters, name at most 63. */
export const labelKey: Rule = {
  pattern: `^((?=[^/]{1,253}/)${SUBDOMAIN}/)?${LABEL_WORD}$`,
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not a valid key of a label or taint`,
      why: 'Kubernetes wants [prefix/]name: the name 1 to 63 letters, digits, - _ or ., with a letter or digit at both ends; the prefix a DNS name of at most 253 lowercase characters',
      next: ['Choose another key, for example workload or example.org/workload.'],
    };
  },
};

/** Value of a Kubernetes label or taint: empty, or at most 63 characters. */
export const labelValue: Rule = {
  pattern: `^(${LABEL_WORD})?$`,
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not a valid value of a label or taint`,
      why: 'Kubernetes wants at most 63 letters, digits, - _ or ., with a letter or digit at both ends (or nothing at all)',
      next: ['Choose another value, for example gpu.'],
    };
  },
};

/** Fingerprint as `ssh-keygen -l` shows it: SHA-256 in base64 without padding is 43 characters. */
export const hostKey: Rule = {
  pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not the fingerprint of a host key`,
      why: 'it is SHA256: and 43 letters, digits, + or /',
      next: ['On the machine itself type: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'],
    };
  },
};

export const userName: Rule = {
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,31}$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not a Linux user name`,
      why: 'it has 1 to 32 letters, digits, _ - or ., and starts with a letter or _',
      next: ['Write the name that you log in with on the machine (shown there by: whoami).'],
    };
  },
};

/** `[user@]host[:port]`, as ProxyJump takes it; never something that ssh would read as an option. */
export const jump: Rule = {
  pattern: '^([A-Za-z_][A-Za-z0-9_.-]{0,31}@)?[A-Za-z0-9][A-Za-z0-9_.-]*(:[0-9]{1,5})?$',
  fault(text) {
    const port = /:(\d+)$/.exec(text)?.[1];
    if (new RegExp(this.pattern).test(text) && (port === undefined || (Number(port) >= 1 && Number(port) <= 65535))) {
      return undefined;
    }
    return {
      seen: `${quoted(text)} is not a jump host`,
      why: 'it is [user@]host[:port]; several hosts in a row belong into ~/.ssh/config',
      next: ['Write for example: lab@gate.example.org:22'],
    };
  },
};

export const identityFile: Rule = {
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: text === '' ? 'the path is empty' : 'the path has a control character',
      why: 'it is the path of a file, in one line',
      next: ['Write the path of your private key, for example ~/.ssh/id_ed25519.'],
    };
  },
};

/** Folders that a system keeps for itself, or empties. */
const SYSTEM = [
  'bin',
  'boot',
  'dev',
  'etc',
  'lib',
  'lib64',
  'proc',
  'root',
  'run',
  'sbin',
  'snap',
  'sys',
  'tmp',
  'usr',
];

/** A folder for volumes: absolute, already in its shortest form, in no folder of the system. */
export const dataDir: Rule = {
  pattern: '^(/[A-Za-z0-9_.-]+)+$',
  fault(text) {
    const parts = text.split('/').slice(1);
    const why = !text.startsWith('/')
      ? 'the path must be absolute: start with /'
      : SYSTEM.includes(parts[0] ?? '')
        ? `/${parts[0]} belongs to the system`
        : parts.includes('.') || parts.includes('..')
          ? 'the path must not hold . or ..'
          : new RegExp(this.pattern).test(text)
            ? undefined
            : 'after each / come letters, digits, - _ or ., and the path does not end in /';
    if (why === undefined) return undefined;
    return {
      seen: `${quoted(text)} cannot be the folder for volumes`,
      why,
      next: ['Write for example: /data/microk8s'],
    };
  },
};
