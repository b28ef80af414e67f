// The page is built from flow-server/page.
