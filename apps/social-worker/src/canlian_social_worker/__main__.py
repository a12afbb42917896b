from canlian_social_worker.tool import tool

tool.run()
