/** Rules of `gpu:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Placed } from './loose.ts';

/** Only the operator brings a driver: with the device plugin alone nobody would. */
export function gpuFaults(value: unknown): Placed[] {
  const gpu = isLoose(value) ? value.gpu : undefined;
  if (!isLoose(gpu) || gpu.mode !== 'device-plugin' || gpu.driver !== 'operator') return [];
  const fault = {
    seen: 'the operator shall bring the driver, and there is none',
    why: 'mode: device-plugin installs no operator',
    next: ['Write driver: host, or leave mode out.'],
  };
  return [{ path: ['gpu', 'driver'], fault }];
}
