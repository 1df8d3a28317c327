/** The environment a training command gets: what it needs to find its tools, and no secret it was not given by name. */

/** Words of names that hold keys: `OPENAI_API_KEY`, `HF_TOKEN`, `AWS_SECRET_ACCESS_KEY`. */
const secretWord = /^(\w*KEYS?|\w*TOKENS?|\w*SECRETS?|\w*PASSWORDS?|PASSWD|PASSPHRASE|PASS|PWD|CREDENTIALS?|AUTH)$/i;
/** An address with a password in it. */
const secretAddress = /:\/\/[^/@\s]*:[^/@\s]*@/;

export function commandEnvironment(
  environment: NodeJS.ProcessEnv,
  { allowed, withheld }: { readonly allowed: string | undefined; readonly withheld: readonly string[] },
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name, value = '']) => {
    if (name === allowed || name === 'PWD') return true;
    return (
      !withheld.includes(name) && !name.split('_').some((word) => secretWord.test(word)) && !secretAddress.test(value)
    );
  });
  return Object.fromEntries(kept);
}
