from canlian_social_worker.tool import social_worker

social_worker().run()
