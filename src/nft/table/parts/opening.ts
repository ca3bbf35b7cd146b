// Only what opens a connection may be sent elsewhere. Where nothing tracked connections before our rules came, the next packet of
// each that an instance relays looks like the first one of a new one, and to be sent elsewhere would end it.

import type { Expression } from '../../json.ts';

/** A SYN, and nothing else that says where in a connection it belongs. */
export const opening: Expression = {
  match: {
    op: '==',
    left: { '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, ['fin', 'syn', 'rst', 'ack']] },
    right: 'syn',
  },
};
