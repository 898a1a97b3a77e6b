/** Lints made-up files: `[{ file, target }]` as JSON on stdin, the messages of the import rule for each on stdout. */
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

// The files do not exist, so there are no types to lint by.
const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
const results = [];
for (const { file, target } of JSON.parse(await text(process.stdin))) {
  const [{ messages }] = await eslint.lintText(`import '${target}';\n`, { filePath: file });
  const fatal = messages.find((message) => message.fatal);
  if (fatal !== undefined) throw new Error(`${file}: ${fatal.message}`);
  results.push(messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').map(({ message }) => message));
}
console.log(JSON.stringify(results));
