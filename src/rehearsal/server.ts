import { model } from './model/index.ts';
import { serve } from './serve.ts';

await serve(model, process.argv);
