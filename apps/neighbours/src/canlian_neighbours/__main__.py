from canlian_neighbours.tool import neighbours

neighbours().run()
