/** A worker in small: trains by command until it is killed. `node holder.ts SETTINGS`, as `trainingOf` writes them. */
import { z } from 'zod';
import { train } from './training.ts';

const [, , settings = ''] = process.argv;
const Settings = z.object({ folder: z.string(), url: z.string(), mode: z.string() });
await train({ ...Settings.parse(JSON.parse(settings)), signal: new AbortController().signal });
