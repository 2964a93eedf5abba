// Passkeys (Web Authentication Level 3), on the pages that offer them. Without this
// file they offer a password and a code.
(() => {
  const d = document, C = window.PublicKeyCredential;
  if (!C?.parseRequestOptionsFromJSON || !C.prototype.toJSON) return;
  const forms = d.querySelectorAll('form[data-passkey]');
  d.querySelectorAll('[data-without-passkeys]').forEach(n => n.hidden = true);

  // What the page says of which error.
  const SAID = { InvalidStateError: 'sayKnown', NotAllowedError: 'sayNone', 429: 'sayMany' };

  // One question at a time: the browser refuses a second.
  let asking;
  const ask = async (form, mediation) => {
    asking?.abort();
    const { signal } = asking = new AbortController();
    const answer = await fetch(form.dataset.challenge, { method: 'POST', redirect: 'manual', signal });
    // Signed out, or to confirm who it is: the page itself leads there.
    if (answer.type === 'opaqueredirect') return location.reload();
    if (!answer.ok) throw { name: answer.status };
    const { challenge, publicKey } = await answer.json();
    const made = form.dataset.passkey === 'create'
      ? await navigator.credentials.create({ publicKey: C.parseCreationOptionsFromJSON(publicKey), signal })
      : await navigator.credentials.get({ publicKey: C.parseRequestOptionsFromJSON(publicKey), mediation, signal });
    form.elements.challenge.value = challenge;
    form.elements.credential.value = JSON.stringify(made);
    form.submit();
  };

  const offer = async form => {
    if (!await C.isConditionalMediationAvailable?.()) return;
    const again = () => ask(form, 'conditional').catch(() => {});
    again();
    // A question is good for ten minutes, and a page may wait for longer.
    let since = Date.now();
    d.addEventListener('visibilitychange', () => {
      if (!d.hidden && Date.now() - since > 9 * 60_000) { since = Date.now(); again(); }
    });
  };

  forms.forEach(form => {
    const said = form.querySelector('[data-said]');
    form.hidden = false;
    form.addEventListener('submit', e => {
      e.preventDefault();
      e.stopPropagation();
      said.hidden = true;
      ask(form).catch(error => {
        const words = error.name === 'AbortError' ? '' : said.dataset[SAID[error.name] ?? 'sayFailed'];
        said.textContent = words;
        said.hidden = !words;
      });
    });
    if ('offer' in form.dataset) offer(form);
  });
  addEventListener('pagehide', () => asking?.abort());
})();
