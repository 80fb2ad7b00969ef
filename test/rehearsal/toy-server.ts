import { serve } from '../../src/rehearsal/serve.ts';
import { toyModel } from './toy-model.ts';

await serve(toyModel, process.argv);
