import { type Script, sh } from './script.ts';

/**
 * A debt is what cannot be probed afterwards, written down before it is caused: "kubelite must be restarted", "this
 * machine must reboot". Its file holds the boot id, because a reboot pays every debt, whoever asked for it.
 */
const FOLDER = '/var/lib/mlk8s/debts';

/** Writes the debt `name`. Goes before the command that causes it. */
export function owe(name: string): Script {
  return sh`
    mkdir -p ${FOLDER}
    cat /proc/sys/kernel/random/boot_id >${`${FOLDER}/${name}`}
  `;
}

/** Removes the debt `name`. Goes after the act that pays it. */
export function paid(name: string): Script {
  return sh`rm -f ${`${FOLDER}/${name}`}`;
}

/** Prints the names of the debts that no reboot has paid, a line each. */
export const listDebts: Script = sh`
  boot=$(cat /proc/sys/kernel/random/boot_id)
  for file in ${FOLDER}/*; do
    [ -f "$file" ] && [ "$(cat "$file")" = "$boot" ] && echo "\${file##*/}"
  done
`;

/** Forgets the debts that a reboot has paid. An empty one is such a debt: power failed before it was on the disk. */
export const dropPaid: Script = sh`
  read -r boot </proc/sys/kernel/random/boot_id
  for file in ${FOLDER}/*; do
    [ -f "$file" ] || continue
    owed=
    read -r owed <"$file" || true
    [ "$owed" = "$boot" ] || rm -f "$file"
  done
`;
