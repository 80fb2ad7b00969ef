import * as z from 'zod';
import type { Rule } from './rules.ts';

/** A text that keeps a rule; the fault travels as `params` of the issue, the pattern into the JSON Schema. */
export function text(rule: Rule): z.ZodString {
  return z
    .string()
    .check((context) => {
      const fault = rule.fault(context.value);
      if (fault) context.issues.push({ code: 'custom', input: context.value, message: fault.seen, params: { fault } });
    })
    .meta({ pattern: rule.pattern });
}
