// Who else there is: an auditor by invitation, and the second person of what takes two.
import assert from 'node:assert/strict';
import { PASSWORD } from '../console.mjs';
import { signIn } from '../run.mjs';

export const people = async (run, { base, told }, page, { api, application }) => {
  await run.step('an auditor is invited, and chooses a password', async () => {
    await page.goto(`${base}/people/new`);
    await run.look(page, 'new-person');
    await page.getByLabel('Email address').fill('vera@example.com');
    await page.getByLabel('Name', { exact: true }).fill('Vera');
    await page.getByLabel('Auditor').check();
    await page.getByRole('button', { name: 'Make the link' }).click();
    await run.look(page, 'invited');
    const link = new URL((await page.locator('code.link').innerText()).trim());
    const theirs = await run.visitor();
    await theirs.goto(`${base}${link.pathname}${link.search}`);
    await run.look(theirs, 'invitation');
    await theirs.getByLabel('Password').fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Set password' }).click();
    await theirs.waitForURL(/sign-in/);
    await theirs.context().close();
    await page.goto(`${base}/sign-in-attempts`);
    await run.look(page, 'sign-in-attempts');
    await page.goto(`${base}/people`);
    await page.getByText('Vera').first().waitFor();
    await run.look(page, 'people');
  });

  await run.step('what takes two persons waits, and somebody else approves it', async () => {
    told('administrator', 'create', '--email', 'grace@example.com', '--name', 'Grace', '--role', 'admin');
    await page.goto(`${api}/sensitivity`);
    await page.locator('main label.check', { hasText: 'invoices:read' }).locator('input').check();
    await run.look(page, 'sensitivity');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('What is sensitive is saved.').waitFor();
    await page.goto(`${application}/access`);
    await page.getByLabel('All current and future scopes').first().check();
    await run.look(page, 'access-sensitive');
    await page.getByRole('button', { name: 'Save access' }).click();
    await page.getByText('somebody else has to approve it').waitFor();
    await run.look(page, 'approval-own');
    const request = page.url();
    const other = await run.visitor();
    await signIn(other, base, 'grace@example.com');
    await other.getByRole('link', { name: 'Approvals 1 waiting for you' }).click();
    await run.look(other, 'approvals');
    await other.goto(request);
    await run.look(other, 'approval');
    await other.getByRole('button', { name: 'Approve' }).click();
    await other.getByText('Approved, and done.').waitFor();
    await run.look(other, 'approval-done');
    await other.goto(`${base}/people/teams/new`);
    await other.getByLabel('Name', { exact: true }).fill('Payments');
    await other.locator('main label.check', { hasText: 'Vera' }).locator('input').check();
    await run.look(other, 'new-team');
    await other.getByRole('button', { name: 'Make team' }).click();
    await other.getByText('Payments is made.').waitFor();
    await run.look(other, 'team');
    await other.goto(`${base}/people/teams`);
    await run.look(other, 'teams');
    await other.context().close();
  });
};
