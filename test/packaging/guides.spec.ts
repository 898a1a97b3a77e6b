import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { userDocuments, type CodeBlock, type MarkdownDocument } from '../support/documents.js';
import { GuideWorkspace } from '../support/guide-workspace.js';
import { startGatewayCommand, type GatewayCommand } from '../support/packaging-gateway.js';
import { ROOT } from '../support/packaging-run.js';
import { TestRedis } from '../support/redis.js';
import { itWithOwnRedis } from '../support/redis-at-hand.js';

const documents = await userDocuments();

/** The programs whose output the guides show. */
const programs = documents.flatMap((document) =>
  document
    .blocks()
    .filter(({ language, file, prints }) => language === 'ts' && file !== undefined && prints !== undefined)
    .map((block) => ({ document, block, name: `${block.file} of ${document.path}` })),
);
const asksRedis = ({ block }: { block: CodeBlock }): boolean => block.code.includes('REDIS_URL');

describe('the code of the README and of the guides', () => {
  let gateway: GatewayCommand;
  let workspace: GuideWorkspace;

  beforeAll(async () => {
    gateway = await startGatewayCommand(process.execPath, `${ROOT}/dist/testing/bin/gateway.js`);
    workspace = await GuideWorkspace.create(documents, new URL(gateway.url).origin);
  }, 60_000);

  afterAll(async () => {
    await workspace?.remove();
    await gateway?.stop();
  });

  it('compiles in every code block', async () => {
    expect(await workspace.compile()).toEqual([]);
  }, 130_000);

  const printsWhatItSays = async (document: MarkdownDocument, block: CodeBlock, env = {}): Promise<void> => {
    const { code, stdout, stderr } = await workspace.run(document, block, env);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: block.prints, stderr: '' });
  };

  it.each(programs.filter((program) => !asksRedis(program)))(
    'prints the output that the guide shows: $name',
    ({ document, block }) => printsWhatItSays(document, block),
    70_000,
  );

  for (const { name, document, block } of programs.filter(asksRedis)) {
    itWithOwnRedis(
      `prints the output that the guide shows: ${name}`,
      async () => {
        const redis = await TestRedis.start();
        try {
          await printsWhatItSays(document, block, { REDIS_URL: redis.url });
        } finally {
          await redis.remove();
        }
      },
      70_000,
    );
  }
});
