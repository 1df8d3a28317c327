import { dataPrerequisite } from './data-folder.ts';
import { diskPrerequisite, homePrerequisite } from './home.ts';
import { ledgerPrerequisite } from './ledger.ts';
import { nodePrerequisite, pythonPrerequisite } from './programs.ts';
import type { Prerequisite } from './prerequisite.ts';
import { servicesPrerequisite } from './services.ts';
import { temporalPrerequisite } from './temporal.ts';

export const machinePrerequisites: readonly Prerequisite[] = [
  nodePrerequisite,
  homePrerequisite,
  diskPrerequisite,
  ledgerPrerequisite,
  temporalPrerequisite,
  servicesPrerequisite,
  dataPrerequisite,
  pythonPrerequisite,
];
