#!/bin/sh
# Amazon's ask-cli for the server at {{URL}}
#
#   ask-cli.sh                                           installs it the first time, and signs in
#   ask-cli.sh smapi get-list-of-testers -s {{SKILL}}    does what ask-cli does
#
# It needs Node.js and npm. It is installed into ASK_CLI_DIR, which is ~/.tryout/ask-cli
# unless set, and its profile is called tryout: what else ask-cli knows stays.
set -eu

ASK_LWA_CLIENT_ID={{CLIENT}}
# Kept nowhere else. Another: tryout client rotate, on the server.
ASK_LWA_CLIENT_CONFIRMATION={{SECRET}}
ASK_SMAPI_SERVER_BASE_URL={{URL}}
ASK_LWA_AUTHORIZE_HOST=$ASK_SMAPI_SERVER_BASE_URL
ASK_LWA_TOKEN_HOST=$ASK_SMAPI_SERVER_BASE_URL
ASK_DEFAULT_PROFILE=tryout
ASK_SHARE_USAGE=false
ASK_SKIP_NEW_VERSION_REMINDER=true

if [ -z "$ASK_LWA_CLIENT_CONFIRMATION" ]; then
	echo "Write the secret of the client $ASK_LWA_CLIENT_ID into $0 first: tryout client rotate, on the server, makes one." >&2
	exit 2
fi
export ASK_LWA_CLIENT_ID ASK_LWA_CLIENT_CONFIRMATION ASK_SMAPI_SERVER_BASE_URL ASK_LWA_AUTHORIZE_HOST ASK_LWA_TOKEN_HOST
export ASK_DEFAULT_PROFILE ASK_SHARE_USAGE ASK_SKIP_NEW_VERSION_REMINDER

dir=${ASK_CLI_DIR:-$HOME/.tryout/ask-cli}
if [ ! -x "$dir/node_modules/.bin/ask" ]; then
	mkdir -p "$dir"
	# With the antlr4ts that npm takes by itself, ask-cli crashes while it loads.
	cat >"$dir/package.json" <<'END'
{
  "private": true,
  "dependencies": {"ask-cli": "2.30.7"},
  "overrides": {"antlr4ts": "0.5.0-alpha.4"}
}
END
	echo "Installing ask-cli into $dir" >&2
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
fi
[ $# -gt 0 ] || set -- configure --profile tryout
exec "$dir/node_modules/.bin/ask" "$@"
