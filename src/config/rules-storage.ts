/** Rules of single values of `storage:` and `charts:`. */
import { quoted, type Rule } from './rules.ts';

/** A disk by a name that survives reboots and other disks. facts: storage sheet, 2.3 and failure 12. */
export const diskById: Rule = {
  pattern: '^/dev/disk/by-id/[A-Za-z0-9._:+@-]+$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} does not name a disk for good`,
      why: 'names such as /dev/sdb change when a disk is added; those below /dev/disk/by-id/ do not',
      next: ['On the machine type: ls -l /dev/disk/by-id/   and take the name of a whole disk that is empty.'],
    };
  },
};

/** Host name or IPv4 address of a server that is no machine of the cluster. */
export const server: Rule = {
  pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not the name or address of a server`,
      why: 'it has letters, digits, hyphens and dots',
      next: ['Write for example: nas.lan or 10.0.0.20'],
    };
  },
};

/** A folder that a server exports. */
export const share: Rule = {
  pattern: '^(/[A-Za-z0-9_.-]+)+$|^/$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not a folder that a server can export`,
      why: 'it starts with /, and after each / come letters, digits, - _ or .',
      next: ['Write for example: /srv/nfs   (shown by: showmount -e SERVER)'],
    };
  },
};

/** A folder or a packed chart on the workstation. */
export const localChart: Rule = {
  pattern: '^[^\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: text === '' ? 'the path is empty' : 'the path has a control character, or starts with a hyphen',
      why: 'it is the path of a folder or file, in one line; helm takes a hyphen in front for an option',
      next: ['Write the path of the chart on this machine, for example ./charts/openebs-4.6.1.tgz.'],
    };
  },
};
