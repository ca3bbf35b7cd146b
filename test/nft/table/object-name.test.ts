import { expect, test } from 'vitest';
import { objectName } from '../../../src/nft/table/object-name.ts';

test.each(['prerouting', 'input', 'forward', 'output', 'postrouting'])(
  'a bind named "%s" does not get the name of our own chain of that hook',
  (hook) => {
    expect(objectName('path', hook)).not.toBe(`path_${hook}`);
    expect(objectName('path', hook)).toMatch(/^path_[a-z]+_[0-9a-f]{8}$/);
  },
);
