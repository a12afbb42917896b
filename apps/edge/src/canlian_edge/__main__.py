from canlian_edge.app import edge

edge().run()
