/** `1 change`, `2 changes`. */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

/** A duration for people: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The parts of an id `step/name@place`. */
export function idParts(id: string): { step: string; name: string; place: string } {
  const at = id.lastIndexOf('@');
  const slash = id.indexOf('/');
  return { step: id.slice(0, slash), name: id.slice(slash + 1, at), place: id.slice(at + 1) };
}

/** `step/name`, for a line that says the place elsewhere. */
export function withoutPlace(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}
