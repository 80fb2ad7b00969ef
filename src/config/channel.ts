import { nearest } from './nearest.ts';
import { type Fault, quoted, type Rule } from './rules.ts';

/** MicroK8s channel when the file names none. facts: platform sheet, section 1. */
export const DEFAULT_CHANNEL = '1.35/stable';

/** Minor versions of Kubernetes for which MicroK8s has a classic track. facts: microk8s sheet, section 1.1. */
const OLDEST_TRACK = 10;
export const NEWEST_TRACK = 36;

/**
 * Tracks this far above the newest known one are taken with a warning: Kubernetes has three minor versions a year, so an
 * mlk8s that is two and a half years old still takes the track of the day. What lies above is a slip of the finger.
 */
const TRACKS_TO_COME = 8;

const RISKS = ['stable', 'candidate', 'beta', 'edge'];
const NEXT = [`Write for example: channel: ${DEFAULT_CHANNEL}`];

/** Snap channel `<track>/<risk>` of MicroK8s, classic tracks only. */
export const channel: Rule = {
  pattern: `^1\\.[1-9][0-9]+/(${RISKS.join('|')})$`,
  fault(text) {
    const [track = '', risk, ...more] = text.split('/');
    if (more.length > 0) {
      return {
        seen: `${quoted(text)} has more than a track and a risk`,
        why: 'branches of a channel come and go',
        next: NEXT,
      };
    }
    if (track === 'latest' || (risk === undefined && RISKS.includes(track))) {
      return {
        seen: `${quoted(text)} follows the newest version`,
        why: 'the snap of one machine would move to the next Kubernetes version on its own, each machine at its own time',
        next: NEXT,
      };
    }
    return trackFault(track) ?? riskFault(track, risk);
  },
};

/** Whether a valid channel is newer than what this mlk8s knows. */
export function isUnknownTrack(text: string): boolean {
  return minor(text.split('/')[0] ?? '') > NEWEST_TRACK;
}

function trackFault(track: string): Fault | undefined {
  if (/^1\.\d+-strict$/.test(track)) {
    return {
      seen: `${quoted(track)} is a strictly confined track`,
      why: 'mlk8s needs the classic MicroK8s: with the strict one most commands and GPU drivers work differently',
      next: [`Write for example: channel: ${track.replace('-strict', '')}/stable`],
    };
  }
  const number = minor(track);
  if (number >= OLDEST_TRACK && number <= NEWEST_TRACK + TRACKS_TO_COME) return undefined;
  return {
    seen: `MicroK8s has no track ${quoted(track)}`,
    why: `tracks are the Kubernetes versions 1.${OLDEST_TRACK} to 1.${NEWEST_TRACK} (newer ones up to 1.${NEWEST_TRACK + TRACKS_TO_COME} are taken with a warning)`,
    next: NEXT,
  };
}

function riskFault(track: string, risk: string | undefined): Fault | undefined {
  if (risk !== undefined && RISKS.includes(risk)) return undefined;
  const meant = nearest(risk ?? '', RISKS) ?? 'stable';
  return {
    seen: risk === undefined ? `${quoted(track)} names no risk` : `${quoted(risk)} is no risk of a channel`,
    why: `a channel is <track>/<risk>; risks are ${RISKS.join(', ')}`,
    next: [`Write for example: channel: ${track}/${meant}`],
  };
}

/** The NN of `1.NN`; NaN for anything else. */
function minor(track: string): number {
  return Number(/^1\.([1-9]\d*)$/.exec(track)?.[1] ?? Number.NaN);
}
