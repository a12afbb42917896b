from canlian_federation.tool import federation

federation().run()
