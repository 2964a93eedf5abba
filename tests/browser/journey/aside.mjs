// What is set aside, and what a reason is for.
export const aside = async (run, { base }, page, { application }) => {
  await run.step('what is to be looked at is set aside, and brought back; a resumption has a reason', async () => {
    await page.goto(application);
    await page.getByText('It is suspended.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Set aside for a day: It is suspended.' }).click();
    await page.locator('.aside', { hasText: 'Set aside by Ada Okafor until' }).waitFor();
    await run.look(page, 'application-aside');
    await page.goto(`${base}/`);
    await page.locator('.aside', { hasText: 'Of billing-worker' }).waitFor();
    await run.look(page, 'overview-aside');
    await page.getByRole('button', { name: /^Bring back ?: It is suspended/ }).click();
    await page.getByText('It stands among the things to look at again.').waitFor();
    await page.goto(`${application}/resumption`);
    await page.getByLabel('Reason (optional)').fill('Two lines are none');
    await run.look(page, 'resumption-reason');
    await page.getByRole('button', { name: 'Resume application' }).click();
    await page.goto(`${base}/changes`);
    await page.locator('.because', { hasText: 'Two lines are none' }).waitFor();
    await run.look(page, 'changes-reason');
    await page.goto(`${application}/resumption`);
    await page.getByRole('button', { name: 'Resume application' }).click();
    await page.getByRole('link', { name: 'Back to the form' }).waitFor();
    run.quiet(/409/);
    await run.look(page, 'refused-leads-back');
    await page.goto(`${application}/suspension`);
    await page.getByRole('button', { name: 'Suspend application' }).click();
    await page.getByText('The application is suspended').waitFor();
  });
};
