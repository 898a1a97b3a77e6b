import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT, run } from '../support/packaging-run.js';

interface Workflow {
  on: object;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps?: { uses?: string; run?: string }[];
}

interface Form {
  name: string;
  description: string;
  body: { type: string; id?: string; attributes: { label?: string; value?: string; options?: unknown[] } }[];
}

const directory = join(ROOT, '.github');
const read = async (path: string): Promise<unknown> => parse(await readFile(join(directory, path), 'utf8'));
const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(directory, folder))).map((name) => `${folder}/${name}`);

const workflows = await Promise.all(
  (await namesIn('workflows')).map(async (path) => ({ path, workflow: (await read(path)) as Workflow })),
);
const forms = await Promise.all(
  (await namesIn('ISSUE_TEMPLATE'))
    .filter((path) => !path.endsWith('/config.yml'))
    .map(async (path) => ({ path, form: (await read(path)) as Form })),
);
const jobsOf = ({ jobs }: Workflow): Job[] => Object.values(jobs);

describe.each(workflows)('$path', ({ workflow }) => {
  it('may only read the repository, except for jobs that ask for more', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  it('uses only versioned actions', () => {
    const used = jobsOf(workflow).flatMap(({ uses, steps = [] }) => [uses, ...steps.map((step) => step.uses)]);
    const given = used.filter((name) => name !== undefined);
    expect(given.length).toBeGreaterThan(0);
    expect(given.filter((name) => !/^\.\/|@v\d+(\.\d+)*$/.test(name))).toEqual([]);
  });

  it('has a timeout for each job', () => {
    for (const job of jobsOf(workflow)) expect(job.uses ?? job['timeout-minutes']).toBeDefined();
  });
});

describe('the release', () => {
  const { workflow } = workflows.find(({ path }) => path.endsWith('release.yml'))!;

  it('publishes only after all tests, from the only job with an identity token', () => {
    expect(workflow.jobs['ci']?.uses).toBe('./.github/workflows/ci.yml');
    expect(workflow.jobs['publish']).toMatchObject({
      needs: 'ci',
      permissions: { contents: 'read', 'id-token': 'write' },
    });
    const commands = workflow.jobs['publish']?.steps?.map((step) => step.run);
    expect(commands).toContain('npm publish');
    expect(jobsOf(workflow).filter(({ permissions }) => permissions?.['id-token'])).toHaveLength(1);
  });

  it('is refused for a tag that is not the version, and for an npm that is too old', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const check = (...args: string[]): Promise<{ stderr: string }> =>
      run(process.execPath, ['.ci/check-publisher.mjs', ...args]);
    expect((await check('11.5.1', `v${version}`)).stderr).not.toMatch(/npm|tag/);
    expect((await check('12.0.0', `v${version}`)).stderr).not.toMatch(/npm|tag/);
    expect((await check('11.5.0', `v${version}`)).stderr).toContain('npm 11.5.0 is too old');
    expect((await check('11.5.1', 'v0.0.9')).stderr).toContain('The release has the tag v0.0.9');
  });
});

it('CI runs .ci/run', () => {
  const { workflow } = workflows.find(({ path }) => path.endsWith('ci.yml'))!;
  expect(jobsOf(workflow).flatMap(({ steps = [] }) => steps.map((step) => step.run))).toContain('.ci/run');
});

describe.each(forms)('$path', ({ form }) => {
  it('is a valid GitHub issue form', () => {
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const ids = form.body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, id, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type);
      if (type === 'markdown') expect(attributes.value).toEqual(expect.any(String));
      else expect({ id, label: attributes.label }).toEqual({ id: expect.any(String), label: expect.any(String) });
      if (type === 'dropdown') {
        for (const option of attributes.options ?? []) expect(typeof option).toBe('string');
        expect(attributes.options?.length).toBeGreaterThan(0);
      }
    }
  });
});

it('Dependabot updates the packages and the actions', async () => {
  const { version, updates } = (await read('dependabot.yml')) as {
    version: number;
    updates: { 'package-ecosystem': string }[];
  };
  expect(version).toBe(2);
  expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions']);
});
