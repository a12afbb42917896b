from canlian_provider.tool import provider

provider().run()
