package runner

import (
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpserver"
)

// ServerConfig is what the scenario says of its server.
func ServerConfig(s *scenario.Scenario) ftpserver.Config {
	host, _ := s.Host("server")
	config := ftpserver.Config{
		Port:       s.Server.Port,
		Idle:       s.Server.Idle,
		ReadOnly:   s.Server.ReadOnly,
		ReplyFirst: s.Server.ReplyFirst,
		AwaitFIN:   s.Server.AwaitFIN,
		Cork:       host.Cork,
		FINApart:   host.FINApart,
	}
	for _, u := range s.Server.Users {
		config.Users = append(config.Users, ftpserver.User{Name: u.Name, Password: u.Password})
	}
	for _, r := range s.Server.Replies {
		config.Replies = append(config.Replies, ftpserver.Reply{Code: r.Code, Text: r.Text})
	}
	for _, f := range s.Files {
		switch {
		case f.Folder():
			config.Dirs = append(config.Dirs, f.Path)
		case f.Literal:
			config.Files = append(config.Files, ftpserver.File{Path: f.Path, Content: append([]byte{}, f.Content...)})
		default:
			config.Files = append(config.Files, ftpserver.File{Path: f.Path, Size: f.Size, Seed: f.Seed})
		}
	}
	return config
}
