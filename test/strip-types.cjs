// Jest runs the very code that Node.js runs: its own type stripping, so positions in stack traces are those of the source.
const { stripTypeScriptTypes } = require('node:module');

module.exports = { process: (source) => ({ code: stripTypeScriptTypes(source) }) };
