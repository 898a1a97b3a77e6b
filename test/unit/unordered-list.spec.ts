import { describe, expect, it } from '@jest/globals';
import { UnorderedList, type Listed } from '../../lib/inbox/unordered-list.js';

interface Item extends Listed {
  name: string;
}

describe('an unordered list', () => {
  it('has the items that were added and not deleted, in whatever order they go', () => {
    const list = new UnorderedList<Item>();
    const items = ['a', 'b', 'c', 'd', 'e'].map((name): Item => ({ name }));
    for (const item of items) list.add(item);
    const names = (): string[] => list.all.map(({ name }) => name).sort();
    for (const [name, left] of [
      ['b', 'acde'],
      ['e', 'acd'],
      ['a', 'cd'],
      ['d', 'c'],
      ['c', ''],
    ]) {
      const item = items.find((one) => one.name === name) as Item;
      expect(list.delete(item)).toBe(true);
      expect(list.delete(item)).toBe(false);
      expect(names().join('')).toBe(left);
      expect(list.find((one) => one === item)).toBeUndefined();
    }
    expect(list.size).toBe(0);
  });

  it('takes an item back that was deleted', () => {
    const list = new UnorderedList<Item>();
    const item: Item = { name: 'a' };
    list.add(item);
    list.delete(item);
    list.add(item);
    expect(list.all).toEqual([item]);
    expect(list.find(({ name }) => name === 'a')).toBe(item);
  });
});
