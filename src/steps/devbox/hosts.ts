import { fileBlock } from '../../resources/file-block.ts';
import { entrances } from '../network/names.ts';
import { REGISTRY_HOST } from '../storage/registry-name.ts';
import type { Part } from './box.ts';

/** Names of the cluster's machines and services. A member has them already, see the steps node and storage. */
export const hosts: Part = ({ file, named, isMember, at }) => {
  if (isMember) return [];
  const [entrance] = entrances(file);
  const [first] = file.nodes;
  const lines = [
    ...file.nodes.map(({ address, name }) => `${address} ${name}`),
    ...(entrance && named.length > 0 ? [`${entrance.address} ${named.map(({ host }) => host).join(' ')}`] : []),
    // A node port answers on every machine.
    ...(file.storage?.registry && first ? [`${first.address} ${REGISTRY_HOST}`] : []),
  ];
  return [fileBlock({ ...at('hosts'), path: '/etc/hosts', name: file.name, lines })];
};
