from canlian_volunteer.tool import volunteer

volunteer().run()
