import type { identify as zh } from '../zh/identify.ts'

/** Look-up of identifiers. */
export const identify: typeof zh = {
  identify: {
    lead: 'Enter the identifier on a product, a part or a machine: what it is, who registered it, and which nodes answered. No account is needed.',
    handle: 'Identifier',
    hint: 'e.g. 88.901.1001/M1; a GTIN from a bar code, a GS1 Digital Link, an EPC or an OID will do as well',
    look: 'Look up',
    none: 'This identifier is not registered',
    noneLead:
      'Check each letter: the suffix distinguishes capitals. What was registered just now is found within half a minute.',
    unreachable: 'Not to be found at the moment: the node that keeps this identifier did not answer',
    registered: 'Registered',
    nothingPublic: 'Whoever registered it shows nothing of it to the public.',
    technical: 'Technical record',
    type: {
      GS1_DL: 'GS1 Digital Link',
      KIND: 'Kind',
      MODEL: 'Model',
      MANUFACTURER: 'Manufacturer',
      OWNER: 'Owner',
      BATCH: 'Batch',
      PRODUCED_AT: 'Produced',
      MACHINE: 'Made on',
      URL: 'Web address',
      EMAIL: 'E-mail',
    },
    path: 'How it was found',
    from: {
      network: 'Found from the root down, in {{ms}} ms.',
      cache: 'The recursive node found it a while ago and answered at once, in {{ms}} ms.',
      stale: 'The node that keeps it did not answer; this is what was found the last time, in {{ms}} ms.',
      here: 'Answered by this node itself, in {{ms}} ms.',
    },
    node: 'Node',
    level: { root: 'Root', top: 'National top', secondary: 'Secondary node', enterprise: 'Enterprise node' },
    asked: 'Asked for',
    answer: 'Answer',
    took: 'Took',
    referred: 'referred below',
    answered: 'answered',
    notThere: 'not registered',
    silent: 'no answer',
    refused: 'refused ({{code}})',
  },
}
