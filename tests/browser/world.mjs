// What all specs share within one run: the stack, the browser, the signed-in session.

export const world = { stack: null, browser: null, state: undefined, name: 'owner' };
