// The main job, as a person does it: from the set-up link to a token and its row
// in the log, in a real browser; then the same forms without a script.
import assert from 'node:assert/strict';
import { aside } from './journey/aside.mjs';
import { auditor } from './journey/auditor.mjs';
import { issue } from './journey/issue.mjs';
import { pages } from './journey/pages.mjs';
import { people } from './journey/people.mjs';
import { withoutScript } from './journey/plain.mjs';
import { revocations } from './journey/revocations.mjs';
import { collect, filesKeepThem, pagesKeepThem } from './leaks.mjs';
import { run } from './run.mjs';

await run('journey', async (run) => {
  const server = await run.server();
  const page = await run.visitor();
  const world = await issue(run, server, page);
  await people(run, server, page, world);
  await pages(run, server, page, world);
  await revocations(run, server, page, world);
  await withoutScript(run, server, world);
  await aside(run, server, page, world);
  await auditor(run, server, world);

  await run.step('no answer holds a secret but the one that reveals it', async () => {
    const { answers, revealed } = await collect(run);
    assert.ok(answers > 100, `${answers} answers`);
    assert.ok(run.secrets.has(world.secret) && revealed >= 3, 'the pages that reveal were not read');
    console.log(`   ${answers} answers, ${revealed} revealed`);
  });

  await run.step('no page shows one now', async () => {
    const found = await pagesKeepThem(run, server.base, page);
    assert.ok(found >= 60, `only ${found} pages were found`);
    console.log(`   ${found} pages`);
  });

  await run.step('told to stop, the server exits with success', async () => {
    assert.deepEqual(await run.stop(), [0]);
  });

  await run.step('no secret, password or token is in any file of the server, in an export, nor printed', () => {
    console.log(`   ${filesKeepThem(run, server, world.clientId)} texts, ${run.secrets.size} secrets`);
  });
});
