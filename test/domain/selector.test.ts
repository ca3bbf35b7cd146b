import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isSelective,
  type LabelExpression,
  type LabelSelector,
  parseSelector,
  selectorText,
  selects,
} from '../../src/domain/selector.ts';

function parsed(text: string): LabelSelector {
  const found = parseSelector(text);
  if (!found.ok) throw new Error(`${text}: ${found.message} at ${found.at}`);
  return found.selector;
}

describe('a label selector', () => {
  it.each([
    ['', {}, true],
    ['', { a: 'x' }, true],
    ['a=x', { a: 'x' }, true],
    ['a=x', { a: 'y' }, false],
    ['a=x', {}, false],
    ['a=', { a: '' }, true],
    ['a=', {}, false],
    ['a==x', { a: 'x' }, true],
    ['a!=x', { a: 'x' }, false],
    ['a!=x', { a: 'y' }, true],
    // Kubernetes: what has no such label is not in any list.
    ['a!=x', {}, true],
    ['a notin (x, y)', {}, true],
    ['a notin (x, y)', { a: 'y' }, false],
    ['a in (x, y)', { a: 'y' }, true],
    ['a in (x,y)', { a: 'z' }, false],
    ['a in (x, y)', {}, false],
    ['a in ()', { a: '' }, true],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['! a', { a: 'x' }, false],
    ['a=x,b=y', { a: 'x', b: 'y' }, true],
    ['a=x,b=y', { a: 'x' }, false],
    [' a = x , !b ', { a: 'x' }, true],
    ['a=x,a=y', { a: 'x' }, false],
    ['constructor', {}, false],
    ['constructor!=x', {}, true],
    ['in in (in)', { in: 'in' }, true],
    ['router.openshift.io/tier=gold', { 'router.openshift.io/tier': 'gold' }, true],
  ] as const)('%j of %j: %s', (text, labels, expected) => {
    expect(selects(parsed(text), labels)).toBe(expected);
  });

  it('matches everything where there is none', () => {
    expect(selects(undefined, {})).toBe(true);
    expect(isSelective(undefined) || isSelective({}) || isSelective({ matchLabels: {} })).toBe(false);
    expect(isSelective({ matchExpressions: [{ key: 'a', operator: 'Exists' }] })).toBe(true);
  });

  it.each([
    ['a=x,', 4, 'key'],
    [',a', 0, 'key'],
    ['a=x b', 4, '","'],
    ['a x', 2, '"in"'],
    ['a in x', 5, '"("'],
    ['a in (x', 7, '")"'],
    ['a in (x))', 8, '","'],
    ['a>5', 1, '"in"'],
    ['-a=x', 0, 'letters, digits'],
    ['a=x, b=-', 7, 'letters, digits'],
    ['Prefix/a', 0, 'DNS name'],
    ['/a', 0, 'DNS name'],
    ['a/', 0, 'needs a name'],
    [`${'a'.repeat(64)}`, 0, '63'],
    [`a=${'a'.repeat(64)}`, 2, '63'],
    ['!a=x', 2, '","'],
    ['!', 1, 'key'],
    ['__proto__=x', 0, 'letters, digits'],
  ])('%j is wrong at %i', (text, at, message) => {
    const found = parseSelector(text);
    expect(found).toMatchObject({ ok: false, at });
    expect(!found.ok && found.message).toContain(message);
  });

  const word = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,8}[a-zA-Z0-9])?$/);
  const key = fc.oneof(
    fc.constantFrom('a', 'b', 'in', 'notin'),
    word,
    word.map((name) => `x.example/${name}`),
  );
  const value = fc.oneof(fc.constantFrom('', 'x', 'y'), word);
  const expression: fc.Arbitrary<LabelExpression> = fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom('In' as const, 'NotIn' as const),
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
  );
  const labels = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true });
  const selector: fc.Arbitrary<LabelSelector> = fc
    .record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 3 }) })
    .map(({ matchLabels, matchExpressions }) => ({
      ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
      ...(matchExpressions.length > 0 && { matchExpressions }),
    }));

  it('is read back from its text as it was', () => {
    fc.assert(
      fc.property(selector, (each) => {
        expect(parsed(selectorText(each))).toEqual(each);
      }),
    );
  });

  it('never fails on whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a!=,() <>in\t') }), (text) => {
        const found = parseSelector(text);
        if (found.ok) expect(parsed(selectorText(found.selector))).toEqual(found.selector);
        else expect(found.at).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
